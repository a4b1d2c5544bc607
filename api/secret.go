package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
)

// sameSecret compares in a time that tells nothing, not even the length.
func sameSecret(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// updateID reads the update's own id; what cannot be read is stored under the hash of its bytes.
func updateID(raw []byte) (int64, bool) {
	var u struct {
		ID *int64 `json:"update_id"`
	}
	if err := json.Unmarshal(raw, &u); err != nil || u.ID == nil {
		return 0, false
	}
	return *u.ID, true
}
