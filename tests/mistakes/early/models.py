from django.db.models.signals import post_save
from shop.functions import fine_again, w016

post_save.disconnect(w016)
post_save.disconnect(fine_again)
post_save.connect(fine_again)
