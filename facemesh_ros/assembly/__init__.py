"""Settings to warm models to pipelines: the only place that joins stages and models."""
