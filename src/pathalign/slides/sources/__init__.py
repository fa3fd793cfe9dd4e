"""Where pixels come from: one module per library or file family, all behind `PixelSource`."""
