-- table demo.app.r: id INT64, i INT64, t STRING, d DATE, v STRING
-- table demo.app_staging.r__RUN: _plimsoll_op STRING, id INT64, i INT64, t STRING, d DATE, v STRING
MERGE `demo.app.r` AS T
USING `demo.app_staging.r__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`i` = S.`i`, T.`t` = S.`t`, T.`d` = S.`d`, T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `i`, `t`, `d`, `v`) VALUES (S.`id`, S.`i`, S.`t`, S.`d`, S.`v`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
