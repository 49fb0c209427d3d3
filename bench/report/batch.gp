load here."/common.gp"
eval out(1000, 640)
set title "In batches, copied in and out; and in place: messages a second\n".kinds font ",13"
set yrange [4e3:2e9]
set y2range [4e3:2e9]
load here."/sizes.gp"
