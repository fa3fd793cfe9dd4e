"""PathSSL: self-supervised training of a patch encoder on the workspace's own slides."""
