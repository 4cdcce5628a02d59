"""What Longtake needs of Temporal besides workflows and activities."""
