"""Allotment (划拨): where a region's rule asks for it, a sharer puts money aside for relatives before they can spend it, and
takes back what they have not used."""
