package targets

// CacheFolder is where benchrun keeps what it would otherwise make again at
// every run: $BENCHRUN_CACHE, for root /var/cache/benchrun, else a folder in
// the user's own cache. It is made if need be.
func CacheFolder() (string, error) { return cacheFolder() }
