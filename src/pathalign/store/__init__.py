"""What is kept on disk: the workspace, its catalog, artifacts and their manifests."""
