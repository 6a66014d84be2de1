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
    Hạn gửi: { $deadline } ({ $left }){ $for_other ->
        [yes] {"\u000A"}Đơn vị chưa có Bí thư trong hệ thống. Việc gửi thay sẽ được ghi lại.
       *[no] {""}
    }
report-sent-before = Đã gửi tổng hợp lần { $number } lúc { $moment }.{ $waiting ->
    [0] {" "}Từ đó chưa có câu hỏi mới.
   *[other] {" "}Từ đó có thêm { $waiting } câu, có thể gửi bổ sung.
}
button-report-send = Gửi { $count } câu lên Ban Tổ chức
button-report-none = Đơn vị không có câu hỏi
report-done = Đã gửi tổng hợp của <b>{ $unit }</b>{ $number ->
        [1] {""}
       *[other] {" "}(bổ sung lần { $number })
    }: { $count ->
        [0] đơn vị không có câu hỏi
       *[other] { $count } câu hỏi
    }, lúc { $moment }, { $late ->
        [yes] sau hạn
       *[no] đúng hạn
    }. Cảm ơn đồng chí. Sẽ không có lời nhắc nào nữa về việc này.
button-ask-for-time = Xin thêm thời gian
time-how-long = Đồng chí cần đến khi nào?
button-more-days = Thêm { $days } ngày ({ $deadline })
time-why = Đồng chí viết lý do trong một tin nhắn. Ban Tổ chức sẽ nhận được ngay.
time-asked = Đã chuyển đề nghị tới Ban Tổ chức: xin gửi { $deadline }. Có trả lời, hệ thống sẽ báo ngay.
