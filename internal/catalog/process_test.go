package catalog_test

// roles are what this test binary can be when it is run as another process.
var roles = map[string]func(dir string) error{}
