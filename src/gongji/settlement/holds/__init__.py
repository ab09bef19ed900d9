"""Holds at the desk: money set aside for a deposit, a wallet quota, a transfer or a premium; taken, given back, expired.

Other rooms use three commands (`PlaceHold`, `CaptureHold`, `ReleaseHold`) through `Desk.hold`, `queries` to look holds up,
and `return_captured` for what comes back after it was taken (and nothing else); `expire_holds` runs by itself.
"""
