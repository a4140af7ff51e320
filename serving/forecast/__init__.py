"""One member's forecast as a row, and in words: the one path of batch, HTTP and notebooks."""
