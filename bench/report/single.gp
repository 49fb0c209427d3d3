load here."/common.gp"
eval out(1000, 640)
set title "One message a call, copied in and out: messages a second\n".kinds font ",13"
set yrange [4e3:1e9]
set y2range [4e3:1e9]
load here."/sizes.gp"
