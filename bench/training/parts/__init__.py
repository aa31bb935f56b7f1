"""What several workloads share. A change here changes the version of those that use it."""
