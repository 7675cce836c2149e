package calibrate

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"benchrun/internal/bench"
	"benchrun/report"
)

// CheckPage finds out whether a page has a place to go to; "" = none is wanted.
func CheckPage(path string) error {
	if path == "" {
		return nil
	}
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", folder)
	}
	if err == nil {
		if info, serr := os.Stat(path); serr == nil && !info.Mode().IsRegular() {
			err = errors.New("is not a regular file")
		}
	}
	if err != nil {
		return &bench.EnvironmentError{Problem: "--write=" + path, Err: err, Hint: "name another file: --write=FILE"}
	}
	return nil
}

// WritePage writes the page of a calibration.
func WritePage(path string, result report.Calibration) error {
	var b bytes.Buffer
	if err := report.CalibrationPage(&b, result); err != nil {
		return err
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil { //nolint:gosec // pages are for everybody
		return &bench.EnvironmentError{Problem: "--write " + path, Err: err}
	}
	return nil
}
