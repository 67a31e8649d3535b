"""Everything that the post "Variational Autoencoders in Haskell" shows, made again."""
