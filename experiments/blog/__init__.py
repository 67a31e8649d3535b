"""Every picture of the post, beside what the post showed."""
