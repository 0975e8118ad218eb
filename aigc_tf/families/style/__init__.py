"""Style transfer models for photographs."""
