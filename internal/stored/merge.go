package stored

import (
	"context"
	"errors"
	"io"

	"benchrun/internal/bench"
	"benchrun/results"
)

// Merged is the run that runs make together; nothing is written. anyway merges
// runs that were not measured alike.
func Merged(ctx context.Context, anyway bool, paths []string) (bench.Run, error) {
	var runs []bench.Run
	for _, p := range paths {
		run, err := results.ReadEnded(ctx, p)
		if err != nil {
			return bench.Run{}, err
		}
		runs = append(runs, run)
	}
	return results.Merge(anyway, runs...)
}

// Merge makes the new run's folder in the folder out, with its report, or leaves
// nothing.
func Merge(ctx context.Context, out string, anyway bool, paths []string) (results.Joined, error) {
	var folders []*results.Folder
	for _, p := range paths {
		f, err := results.OpenFolder(p)
		if err != nil {
			return results.Joined{}, err
		}
		folders = append(folders, f)
	}
	j, err := results.Join(ctx, out, anyway, folders...)
	if err != nil {
		return results.Joined{}, err
	}
	err = j.Folder.WriteReport(func(w io.Writer) error { return draw(ctx, w, j.Folder, j.Run, j.Folder.Path()) })
	if err != nil {
		return results.Joined{}, errors.Join(err, j.Folder.Discard())
	}
	return j, nil
}
