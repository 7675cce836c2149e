package targets

// CacheFolder is where benchrun keeps what it would otherwise make again at every run:
// $BENCHRUN_CACHE; for root /var/cache/benchrun; otherwise a folder in the user's own
// cache. It makes the folder if it does not exist.
func CacheFolder() (string, error) { return cacheFolder() }
