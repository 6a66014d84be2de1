# Báo cáo của đơn vị (Bí thư)
command-report = gửi tổng hợp câu hỏi của đơn vị
button-report = Gửi tổng hợp
report-no-unit = Hiện không có đơn vị nào đồng chí có thể gửi tổng hợp. Ban Tổ chức chỉ gửi thay đơn vị chưa có Bí thư trong hệ thống.
report-which-unit = Gửi tổng hợp cho đơn vị nào?
report-unit = <b>{ $unit }</b>
    Câu hỏi chờ gửi: <b>{ $waiting }</b>{ $held ->
        [0] {""}
       *[other] {" "}(và { $held } câu đang được cán bộ trực xem)
    }
    Hạn gửi: { $deadline } ({ $left }){ $asking ->
        [none] {""}
       *[other] {"\u000A"}Đoàn viên, thanh niên còn gửi câu hỏi { $asking }. Câu nào đến sau khi đồng chí đã gửi thì gửi bổ sung được.
    }{ $for_other ->
        [yes] {"\u000A"}Đơn vị chưa có Bí thư trong hệ thống. Việc gửi thay được ghi lại.
       *[no] {""}
    }
report-sent-before = Đã gửi tổng hợp lần { $number } lúc { $moment }. Từ đó có thêm { $waiting } câu, có thể gửi bổ sung.
report-finished = <b>{ $unit }</b> đã gửi tổng hợp lần { $number } lúc { $moment }. Từ đó chưa có câu hỏi mới, đồng chí không phải làm gì thêm.
button-report-send = Gửi { $count } câu lên Ban Tổ chức
button-report-none = Đơn vị không có câu hỏi
button-read = Đọc các câu hỏi ({ $count })
read-title = <b>Câu hỏi của { $unit }</b> ({ $count })
read-line = <b>{ $code }</b> · { $topic } · { $state }
    <blockquote>{ $text }</blockquote>
report-done = <b>Đã gửi tổng hợp của { $unit }</b>{ $number ->
        [1] {""}
       *[other] {" "}(lần { $number }, bổ sung)
    }: { $count ->
        [0] đơn vị không có câu hỏi
       *[other] { $count } câu hỏi
    }, lúc { $moment }, { $late ->
        [yes] sau hạn
       *[no] đúng hạn
    }. Cảm ơn đồng chí, việc này đã xong. Hệ thống chỉ báo lại nếu có câu hỏi mới gửi thêm.
button-ask-for-time = Xin thêm thời gian
time-how-long = Đồng chí cần đến khi nào?
button-more-days = Thêm { $days } ngày ({ $deadline })
time-why = Xin gửi { $deadline }. Đồng chí viết lý do trong một tin nhắn, vài chữ là đủ.
time-asked = Đã chuyển đề nghị gửi { $deadline } tới Ban Tổ chức{ $waits_until ->
    [none] . Có trả lời là hệ thống báo đồng chí ngay.
   *[other] . Bây giờ đang là giờ nghỉ, nên Ban Tổ chức nhận được lúc { $waits_until }. Nếu gấp, đồng chí cứ gửi tổng hợp trước, câu đến sau gửi bổ sung.
}
reason-unfit = Lý do viết bằng chữ, nhiều nhất { $limit } ký tự. Đồng chí gửi lại giúp.
