# What `plan check` warns of. It speaks to whoever runs the program; nothing here blocks.

plan-warning-published-late =
    organiser.plan_date: kế hoạch đề ngày { DATETIME($day, dateStyle: "long") }. Luật Thanh niên (Điều 10.2) yêu cầu công bố kế hoạch đối thoại chậm nhất 30 ngày trước hội nghị, tức là ngày { DATETIME($latest, dateStyle: "long") }. Nếu UBND đã công bố kế hoạch sớm hơn thì không sao.
plan-warning-conclusion-only-if-complex =
    milestones.conclusion_due: hạn ra kết luận là hết ngày { DATETIME($day, dateStyle: "long") }. Luật Thanh niên (Điều 10.3) cho đến hết ngày { DATETIME($latest, dateStyle: "long") }; chỉ vấn đề phức tạp, liên quan nhiều lĩnh vực mới được đến hết ngày { DATETIME($extended, dateStyle: "long") }.
plan-warning-conclusion-late =
    milestones.conclusion_due: hạn ra kết luận là hết ngày { DATETIME($day, dateStyle: "long") }, quá thời hạn của Luật Thanh niên (Điều 10.3): hết ngày { DATETIME($latest, dateStyle: "long") }, hoặc { DATETIME($extended, dateStyle: "long") } nếu phức tạp.
plan-warning-milestone-past =
    { $key }: mốc ngày { DATETIME($day, dateStyle: "long") } đã qua.
plan-warning-audience-not-served =
    { $key }: chương trình chưa biết nhắc nhóm "{ $audience }", nên các lời nhắc này sẽ không được gửi.

plan-usable = { $file } dùng được.
