package main

import "os"

// onGitHub says that GitHub Actions reads what this process writes.
func onGitHub() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }
