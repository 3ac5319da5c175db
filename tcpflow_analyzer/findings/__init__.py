"""The catalogue: one module a finding, found by walking this package."""
