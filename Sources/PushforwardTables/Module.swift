// Module documentation: see ARCHITECTURE.md.
