//go:build race

package main

// raceDetector: the tests run with it, several times as slow.
const raceDetector = true
