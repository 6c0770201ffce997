"""The one public door: a proxy that knows where each path is answered, and nothing else."""
