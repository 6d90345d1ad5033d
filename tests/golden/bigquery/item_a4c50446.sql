-- table demo.app.item: id INT64, v STRING, n INT64, c STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, v STRING, n INT64, c STRING
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`v` = S.`v`, T.`n` = S.`n`, T.`c` = S.`c`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `v`, `n`, `c`) VALUES (S.`id`, S.`v`, S.`n`, S.`c`)
