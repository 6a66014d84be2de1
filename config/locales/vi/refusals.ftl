refused-not-allowed = Việc này dành cho người có vai trò khác. { $You } gõ /trogiup để xem mình làm được gì nhé.
refused-daily-limit = Hôm nay { $you } đã gửi đủ { $limit } câu. Câu này mình vẫn giữ, mai { $you } bấm “Gửi” nhé.
refused-asking-closed = Lúc này chưa gửi được câu hỏi. Câu { $you } viết mình vẫn giữ. Gõ /han để xem các mốc thời gian.
refused-question-unknown = Mình không tìm thấy câu hỏi nào của { $you } có mã này. { $You } xem lại mã, hoặc gõ /cuatoi nhé.
refused-question-fixed = Đơn vị đã gửi tổng hợp, nên câu { $code } không sửa, không rút được nữa.
refused-choice-gone = Đơn vị hoặc lĩnh vực này không còn trong danh sách. { $You } chọn lại nhé, câu đã viết mình vẫn giữ.
refused-invite-invalid = Đường dẫn mời này không dùng được: có thể đã có người dùng, đã hết hạn hoặc đã bị thu hồi. { $You } xin Ban Tổ chức đường dẫn mới nhé.
refused-text-too-short = { $You } viết rõ hơn một chút được không? Câu hỏi cần ít nhất { $minimum } ký tự, hiện có { $length }.
refused-text-too-long = Câu này dài { $length } ký tự, nhiều nhất là { $maximum }. { $You } gửi lại bản ngắn hơn nhé.
refused-text-no-words = { $You } viết câu hỏi bằng chữ giúp mình nhé.
refused-list-word = Không hiểu “{ $word }”. Ví dụ: /xuat xlsx don-vi=MÃ linh-vuc=8 tu-ngay=10/5
refused-list-unit = Không có đơn vị “{ $word }”. Gõ tên hoặc mã đơn vị, không có dấu cách (dùng dấu gạch nối).
refused-list-topic = Không có lĩnh vực “{ $word }”. Gõ số thứ tự hoặc mã lĩnh vực.
refused-list-state = Không có trạng thái “{ $word }”. Dùng da-tiep-nhan hoặc da-chuyen.
refused-list-since = Không hiểu ngày “{ $word }”. Gõ như 10/5, 10/5/2022 hoặc 2022-05-10.
refused-held-gone = Câu { $code } không còn nữa: người gửi đã xóa dữ liệu của mình.
