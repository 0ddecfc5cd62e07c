/* cyrlock timed lock, version 1: begin */
/* Put here by `cyrlock fix source`; `cyrlock fix source --undo` takes it out. */
