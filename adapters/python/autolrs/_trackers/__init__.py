"""What of a run goes into the experiment that the script itself keeps."""
