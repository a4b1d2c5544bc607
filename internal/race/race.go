// Package race tells tests whether the race detector is at work, which makes them several times as slow.
package race

// Enabled says whether the running program was built with -race.
const Enabled = enabled
