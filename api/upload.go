package api

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
)

// maxFields bounds a form's fields beside its file.
const maxFields = 50

// readUpload reads a multipart form up to its file, which is left to be read; the form's file field comes last. Without a file it is nil.
func readUpload(c *gin.Context, limit int64) (url.Values, *multipart.Part, error) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit+maxForm)
	r, err := c.Request.MultipartReader()
	if err != nil {
		return nil, nil, errForm
	}
	values := url.Values{}
	left := int64(maxForm)
	for range maxFields {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil, nil
		}
		if err != nil {
			return nil, nil, bodyFault(err, maxForm)
		}
		if part.FileName() != "" {
			return values, part, nil
		}
		b, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, nil, bodyFault(err, maxForm)
		}
		if left -= int64(len(b)); left < 0 {
			return nil, nil, bodyFault(&http.MaxBytesError{Limit: maxForm}, maxForm)
		}
		values.Add(part.FormName(), string(b))
	}
	return nil, nil, errForm
}
