"""Where a search runs when it is not this machine: cluster files, their safety, Ray's launcher, the tunnel and the Jobs API."""
