"""
Audit entries.
"""

from django.db import models


class AuditEntry(models.Model):
    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=20)
    model = models.CharField(max_length=100)
    object_id = models.BigIntegerField()
    detail = models.TextField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["model", "object_id"], name="audit_object")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.model} {self.object_id} {self.action}"
