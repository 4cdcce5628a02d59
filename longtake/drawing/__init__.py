"""Pictures of layouts, without a recording: composed once, then written as SVG or PNG."""
