-- table demo.app.p: id INT64, day DATE, v STRING
-- table demo.app_staging.p__RUN: _plimsoll_op STRING, id INT64, day DATE, v STRING
MERGE `demo.app.p` AS T
USING (SELECT * FROM `demo.app_staging.p__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `day`, `v`) = 1) AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9 AND T.`day` BETWEEN DATE '2026-01-01' AND DATE '2026-01-09'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`day` = S.`day`, T.`v` = S.`v`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `day`, `v`) VALUES (S.`id`, S.`day`, S.`v`)
