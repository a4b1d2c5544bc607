//go:build race

package definition

// raceDetector: the tests run with it, several times as slow.
const raceDetector = true
