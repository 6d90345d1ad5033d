-- table demo.app.total: id STRING, n INT64
-- table demo.app_staging.total__RUN: _plimsoll_op STRING, id STRING, n INT64
MERGE `demo.app.total` AS T
USING (SELECT * FROM `demo.app_staging.total__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `n`) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`n` = S.`n`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `n`) VALUES (S.`id`, S.`n`)
