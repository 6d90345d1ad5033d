-- table demo.app.r: id INT64, i INT64, t STRING, d DATE, v STRING
-- table demo.app_staging.r__RUN: _plimsoll_op STRING, id INT64, i INT64, t STRING, d DATE, v STRING
MERGE `demo.app.r` AS T
USING `demo.app_staging.r__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' AND (TO_JSON_STRING(T.`i`) IS DISTINCT FROM TO_JSON_STRING(S.`i`) OR TO_JSON_STRING(T.`t`) IS DISTINCT FROM TO_JSON_STRING(S.`t`) OR TO_JSON_STRING(T.`d`) IS DISTINCT FROM TO_JSON_STRING(S.`d`) OR T.`v` IS DISTINCT FROM S.`v`) THEN UPDATE SET T.`i` = S.`i`, T.`t` = S.`t`, T.`d` = S.`d`, T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `i`, `t`, `d`, `v`) VALUES (S.`id`, S.`i`, S.`t`, S.`d`, S.`v`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
