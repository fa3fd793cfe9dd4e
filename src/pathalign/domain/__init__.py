"""Words of the field as types: slides, patches, splits, outcomes. No input or output."""
