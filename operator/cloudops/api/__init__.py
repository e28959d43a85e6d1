"""The wire format the cluster sees: custom resources, their schemas, their conditions."""
