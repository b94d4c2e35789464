"""The filter `kubernetes`: gives each record what is known of its pod."""
