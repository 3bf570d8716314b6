"""The policy set in force: followed in a folder, replaced only by one that checks and takes nothing away.

    rules_folder  what lies in a folder: YAML files by the names that users see, never more than a set can have
    vanished      what a change takes away, by name: files, policies and rules
    check_limits  how long, and with how much memory, policies may be checked and compiled
    refused_sets  what was saved and can't be used, on record once
    in_force      `Policies`: takes a change, holds it back, or falls back on the last set of the journal

The life of a change: two looks 0.2 seconds apart see the same files; they are read and compiled; what they lack is
held against the set in force. A set that checks and lacks nothing is recorded in the journal and decides from then
on. One that lacks something is *pending* until somebody activates it by its version. One with mistakes has *failed*.
"""
