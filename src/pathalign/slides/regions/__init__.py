"""Regions that people and other programs draw: polygons, annotations, GeoJSON."""
