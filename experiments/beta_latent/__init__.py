"""What do beta_KL and the size of the latent space trade against each other, and when do units die?"""
