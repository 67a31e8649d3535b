"""A run folder's life: plan, train, resume, evaluate, finish, export, load."""
