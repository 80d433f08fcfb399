"""
The form that orders one product.
"""

from django import forms

from .models import Tag


class OrderForm(forms.Form):
    customer = forms.CharField(label="Your name", max_length=100)
    email = forms.EmailField(label="Email")
    quantity = forms.IntegerField(min_value=1, max_value=1000, initial=1)
    tags = forms.ModelMultipleChoiceField(
        queryset=Tag.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
